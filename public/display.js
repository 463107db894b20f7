// Beside viewer.js, on the page of pystreaming's `display`: Escape ends what shows its frames here.
addEventListener("keydown", async ({ key }) => {
  if (key !== "Escape" || document.fullscreenElement) return;
  const response = await fetch("end", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  });
  if (response.ok) location.replace("ended");
});

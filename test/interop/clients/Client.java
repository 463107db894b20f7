import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** java.net.http.HttpClient as it comes: it offers h2c with every request until the server has answered in HTTP/1.1. */
class Client {
  static final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  static String root;

  public static void main(String[] arguments) throws Exception {
    root = arguments[0];
    String description = get("/instrument/");
    send("PUT", "/instrument/gain", BodyPublishers.ofString("2.5"));
    String gain = get("/instrument/gain");
    String output = invoke();
    String event = hear();
    int frames = takeFrames();
    for (int n = 0; n < 5; n++) get("/instrument/gain");
    System.out.printf(
        "{\"title\": \"%s\", \"gain\": %s, \"sum\": %s, \"event\": %s, \"frames\": %d}%n",
        find("\"title\":\"(\\w+)\"", description), gain, output, event, frames);
    System.exit(0); // the threads of the stream may still wait
  }

  static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(root + path)).timeout(Duration.ofSeconds(20));
  }

  static HttpResponse<String> send(String method, String path, HttpRequest.BodyPublisher body) throws Exception {
    HttpRequest request = request(path).header("Content-Type", "application/json").method(method, body).build();
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    if (response.statusCode() >= 300) throw new Exception(method + " " + path + ": " + response.body());
    return response;
  }

  /** With a length of 0, as `noBody()` of JDK 17 sends it. */
  static String get(String path) throws Exception {
    return send("GET", path, BodyPublishers.noBody()).body();
  }

  static String invoke() throws Exception {
    HttpResponse<String> invoked = send("POST", "/instrument/add", BodyPublishers.ofString("{\"a\": 2, \"b\": 3}"));
    String path = URI.create(invoked.headers().firstValue("Location").orElseThrow()).getPath();
    for (int n = 0; n < 200; n++) {
      String body = get(path);
      if (body.contains("\"status\":\"completed\"")) return find("\"output\":(\\d+)", body);
      Thread.sleep(50);
    }
    throw new Exception("the invocation has not ended");
  }

  static String hear() throws Exception {
    HttpRequest request = request("/instrument/moved").header("Accept", "text/event-stream").build();
    HttpResponse<InputStream> events = http.send(request, BodyHandlers.ofInputStream());
    CompletableFuture<String> heard =
        CompletableFuture.supplyAsync(() -> readUntil(events.body(), "data: ?(\\{.*\\})\n"));
    send("POST", "/instrument/move", BodyPublishers.ofString("{\"x\": 7}"));
    return heard.get();
  }

  /** Three parts, each as long as its header says. */
  static int takeFrames() throws Exception {
    InputStream stream = http.send(request("/camera/mjpeg_stream").build(), BodyHandlers.ofInputStream()).body();
    int frames = 0;
    while (frames < 3) {
      int length = Integer.parseInt(readUntil(stream, "(?i)content-length: (\\d+)\r\n(?:.*\r\n)*?\r\n"));
      byte[] jpeg = stream.readNBytes(length);
      if (jpeg.length != length || jpeg[0] != -1 || jpeg[1] != -40) throw new Exception("not a JPEG");
      frames++;
    }
    return frames;
  }

  static String readUntil(InputStream stream, String pattern) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      Pattern wanted = Pattern.compile(pattern);
      for (int next = stream.read(); next >= 0; next = stream.read()) {
        bytes.write(next);
        if (next != '\n') continue;
        Matcher found = wanted.matcher(bytes.toString("ISO-8859-1"));
        if (found.find()) return found.group(1);
      }
    } catch (Exception error) {
      throw new RuntimeException(error);
    }
    throw new RuntimeException("the stream ended");
  }

  static String find(String pattern, String text) throws Exception {
    Matcher found = Pattern.compile(pattern).matcher(text);
    if (!found.find()) throw new Exception("no " + pattern + " in " + text);
    return found.group(1);
  }
}

import "./frames/start.ts";
import "./app/dashboard-page.ts";

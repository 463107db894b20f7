import "./app/dashboard-page.ts";

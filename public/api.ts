import "./api/api-page.ts";

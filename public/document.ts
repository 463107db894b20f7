import "./app/document-page.ts";

/** Builds the pages into the Python package `web_ui`, from which platform-api serves them. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const PLATFORM = process.env["DARKROOM_PLATFORM_URL"] ?? "http://127.0.0.1:3001";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "src/web_ui/static",
    assetsDir: "ui/assets",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
  },
  worker: { format: "es" },
  server: {
    proxy: { "/api": { target: PLATFORM, changeOrigin: true }, "/ui/config.json": { target: PLATFORM } },
  },
  test: { environment: "jsdom", setupFiles: ["tests/setup.ts"], include: ["tests/**/*.test.{ts,tsx}"] },
});

/** Starts the pages. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { asProblem } from "./api/problem";
import { App } from "./App";
import { I18nProvider } from "./i18n";
import { keepToken } from "./sign-in/token";
import "./styles/index.css";

const RETRIES = 2;
const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < RETRIES && asProblem(error).isOutage,
      refetchOnWindowFocus: false,
      networkMode: "always",
    },
    mutations: { retry: (failures, error) => failures < 1 && asProblem(error).isOutage, networkMode: "always" },
  },
});

keepToken();
const root = document.getElementById("root");
if (root === null) throw new Error("the page has no element #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <I18nProvider>
        <App />
      </I18nProvider>
    </QueryClientProvider>
  </StrictMode>,
);

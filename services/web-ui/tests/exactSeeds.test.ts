import { afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "~/api/client";
import { parseExact } from "~/api/exactSeeds";

describe("seeds of 64 bits", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are read as text, and short ones as numbers", () => {
    expect(parseExact('{"seed": 18446744073709551615, "outputs": [{"seed":41}]}')).toEqual({
      seed: "18446744073709551615",
      outputs: [{ seed: 41 }],
    });
  });

  it("are not looked for inside of texts", () => {
    const value = { prompt: '{"seed":18446744073709551615}' };
    expect(parseExact(JSON.stringify(value))).toEqual(value);
  });

  it("are exact in answers of the API", async () => {
    const body = '{"id":"a","seed":9007199254740993}';
    const answer = () => Promise.resolve(new Response(body, { headers: { "Content-Type": "application/json" } }));
    const { data } = await platform.GET("/api/assets/{asset_id}", {
      params: { path: { asset_id: "a" } },
      fetch: answer,
      baseUrl: "http://localhost",
    });
    expect(data?.seed).toBe("9007199254740993");
  });
});

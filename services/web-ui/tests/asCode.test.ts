import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { asCurl, asPython } from "~/studio/generate/asCode";

const request = {
  jobType: "sdxl_image_fast",
  metadata: {
    prompt: `it's "$HOME" \\ \`id\``,
    seed: "18446744073709551615",
    init_image: { asset_id: "a1" },
    loras: [{ name: "ink", weight: 0.5 }],
    hires: { scale: 2 },
  },
};

describe("the form as a program", () => {
  it("is a command whose words a shell keeps as they are", () => {
    const command = asCurl(request, "http://localhost:9800").replace(/^curl/, "printf '%s\\n'");
    const words = execFileSync("sh", ["-c", command], { env: { DARKROOM_API_KEY: "dk_1" } }).toString();
    const [url, , header] = words.split("\n");
    expect([url, header]).toEqual(["http://localhost:9800/api/queue-job", "X-API-Key: dk_1"]);
    expect(JSON.parse(words.slice(words.indexOf("{")))).toEqual(request);
  });

  it("is a call of the Python client, with its names of the options", () => {
    const program = asPython(request, "http://localhost:9800");
    expect(program).toContain('with Client("http://localhost:9800") as client:');
    expect(program).toContain(', seed=18446744073709551615, init_image="a1", loras={"ink": 0.5}, hires={"scale": 2})');
    expect(program).toContain(JSON.stringify(request.metadata.prompt));
  });
});

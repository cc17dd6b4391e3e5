import { describe, expect, it } from "vitest";
import { parseMarked, printMarked } from "~/api/longNumbers";

describe("long numbers of a definition", () => {
  it("keep all digits, and nothing else is changed", () => {
    const text =
      '{"seed":156680208700286123,"a":[-18446744073709551615,1.5,12],"t":"seed 156680208700286123 \\" \\\\"}';
    expect(JSON.parse(printMarked(parseMarked(text)).replaceAll(/\s/g, " "))).toEqual(JSON.parse(text));
    expect(printMarked(parseMarked(text))).toContain('"seed": 156680208700286123,');
    expect(printMarked(parseMarked(text))).toContain("-18446744073709551615");
    expect(printMarked(parseMarked(text))).toContain('"seed 156680208700286123 \\" \\\\"');
  });

  it("are only whole ones", () => {
    expect(parseMarked("[1234567890123456.5, 1234567890123456e2]")).toEqual([1234567890123456.5, 1234567890123456e2]);
  });
});

import { assert, describe, it } from "@effect/vitest"
import { bytesText } from "../../src/runtime/bytesText.ts"
import { secondsText } from "../../src/runtime/secondsText.ts"

describe("numbers for people", () => {
  it("tells bytes in the unit that suits them", () => {
    assert.deepStrictEqual(
      [0, 1023, 1024, 1536, 5 * 1024 ** 2, 1024 ** 3, 2048 * 1024 ** 4].map(bytesText),
      ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 MiB", "1.0 GiB", "2048.0 TiB"]
    )
  })

  it("tells tenths of a second while they matter", () => {
    assert.deepStrictEqual([0, 340, 9940, 10_000, 61_400].map(secondsText), ["0.0 s", "0.3 s", "9.9 s", "10 s", "61 s"])
  })
})

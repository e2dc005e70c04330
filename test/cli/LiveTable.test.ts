import { assert, describe, it } from "@effect/vitest"
import { LiveTable } from "../../src/cli/demo/LiveTable.ts"

const drawnOn = (isTTY: boolean) => {
  const written: Array<string> = []
  const write = (text: string) => void written.push(text)
  const base = { ...console, log: (text: string) => write(`${text}\n`), error: (text: string) => write(`${text}\n`) }
  return { table: new LiveTable({ isTTY, write }, base), written }
}

describe("LiveTable", () => {
  it("replaces itself on a terminal, below the lines that came meanwhile", () => {
    const { table, written } = drawnOn(true)
    table.draw("feed\na")
    table.draw("feed\nb")
    table.console.error("a warning")
    table.draw("feed\nc")
    table.leave()
    table.console.log("the end")
    const erase = "\u001b[2A\u001b[J"
    assert.deepStrictEqual(written, ["feed\na\n", erase, "feed\nb\n", erase, "a warning\n", "feed\nc\n", "the end\n"])
  })

  it("stands below the last one elsewhere", () => {
    const { table, written } = drawnOn(false)
    table.draw("feed\na")
    table.console.error("a warning")
    table.draw("feed\nb")
    assert.deepStrictEqual(written, ["\nfeed\na\n", "a warning\n", "\nfeed\nb\n"])
  })
})

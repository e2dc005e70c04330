import { assert, describe, it } from "@effect/vitest"
import { readFileSync, writeFileSync } from "node:fs"
import { venueTable } from "./venueTable.ts"

const page = new URL("../../docs/venues.md", import.meta.url)
const begin = "<!-- generated: TICKLAKE_UPDATE_DOCS=1 npm test -- test/docs -->"
const end = "<!-- end of generated -->"

/** The formatter aligns tables, which is not a difference. */
const withoutAlignment = (text: string) => text.replaceAll(/ +\|/g, " |").replaceAll(/-{3,}/g, "---").trim()

describe("docs/venues.md", () => {
  it("has the capability table of the adapters as they are", () => {
    const text = readFileSync(page, "utf8")
    const from = text.indexOf(begin) + begin.length
    const to = text.indexOf(end)
    assert.isAbove(to, from)
    if (process.env["TICKLAKE_UPDATE_DOCS"] === "1") {
      writeFileSync(page, `${text.slice(0, from)}\n\n${venueTable()}\n\n${text.slice(to)}`)
      return
    }
    assert.strictEqual(withoutAlignment(text.slice(from, to)), withoutAlignment(venueTable()))
  })
})

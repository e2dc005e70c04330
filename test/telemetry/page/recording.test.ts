import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { environment, world } from "../../endToEnd/harness.ts"
import { noBrowser, row, visit } from "./browser.ts"

const state = (id: string) => `${row(id)}?.querySelector(".pill")?.dataset.level`

describe.skipIf(noBrowser !== null)(`the live page of a recorder${noBrowser === null ? "" : ` (${noBrowser})`}`, () => {
  it.live("shows what is recorded, a feed that dies in red, and in green when it is back", () =>
    Effect.gen(function*() {
      const { feeds, simulator, url } = yield* world({ venues: ["binance", "okx"], simulator: { rate: 50 } })
      const { complaints, go, requests, until } = yield* visit(`${url}/`)
      const ids = feeds().map(({ feed }) => feed.id)
      assert.strictEqual(ids.length, 4)
      const okx = "okx/btcusdt/trade"
      assert.include(ids, okx)
      for (const id of ids) yield* until(`${state(id)} === "live"`)
      yield* until(`document.title === "● healthy · 4/4 feeds · ticklake"`)

      const number = (id: string) => `Number(document.getElementById("${id}").textContent.replace(",", ""))`
      yield* until(`${number("events-rate")} > 20`)
      const buffered = yield* go((page) => page.evaluate<number>(number("rows-buffered")))
      yield* until(`${number("rows-buffered")} > ${buffered}`)
      yield* until(`Number(${row(okx)}.querySelector(".rate span").textContent) > 5`)
      yield* until(`${row(okx)}.querySelector(".latency").textContent.endsWith(" ms")`)
      yield* until(`${row(okx)}.querySelector(".age").textContent === "< 1 s"`)
      yield* until(`${row(okx)}.querySelector(".sparkline .line").getAttribute("d").startsWith("M0")`)
      yield* until(`/ free of /.test(document.getElementById("disks").textContent)`)
      const colour = `getComputedStyle(${row(okx)}.querySelector(".pill")).color`
      const green = yield* go((page) => page.evaluate<string>(colour))

      yield* simulator.faults.refuse({ kind: "refuse", status: 503 }, { venue: "okx" })
      yield* simulator.faults.inject({ kind: "abrupt" }, { venue: "okx" })
      yield* until(`${state(okx)} === "down"`)
      const red = yield* go((page) => page.evaluate<string>(colour))
      assert.match(red, /^rgb\(1\d\d, [0-5]?\d, [0-5]?\d\)$/)
      assert.notStrictEqual(red, green)
      yield* until(`/503/.test(${row(okx)}.querySelector(".reason:not([hidden])")?.textContent)`)
      yield* until(`document.title === "▲ degraded · 2/4 feeds · ticklake"`)
      yield* until(`/2 of 4 feeds are not connected/.test(document.getElementById("reasons").innerText)`)
      yield* until(`/warning okx\\/btcusdt\\/trade .*503/s.test(document.getElementById("log").innerText)`)
      // Gravest first, by itself.
      yield* until(`document.querySelector("#feeds tr").dataset.feed.startsWith("okx/")`)

      yield* simulator.faults.lift
      yield* until(`${state(okx)} === "live"`)
      assert.strictEqual(yield* go((page) => page.evaluate<string>(colour)), green)
      yield* until(`document.getElementById("reasons").hidden && document.title.startsWith("● healthy")`)
      yield* until(`Number(${row(okx)}.querySelector(".reconnects").textContent) > 0`)

      assert.deepStrictEqual(complaints, [])
      assert.isAbove(requests.length, 10)
      for (const request of requests) assert.strictEqual(new URL(request).origin, url)
    }).pipe(Effect.provide(environment)))
})

import { assert, describe, it } from "@effect/vitest"
import type { ChainedFile } from "../../src/completeness/FileChain.ts"
import { takenOver } from "../../src/completeness/takenOver.ts"
import type { Gap } from "../../src/domain/Gap.ts"

/** A file with its first and last row; null for one that has none before it. */
const file = (firstReceived: number, lastReceived: number, previous: ChainedFile | null): ChainedFile => ({
  path: `${firstReceived}.parquet`,
  firstReceived,
  lastReceived,
  link: { previousFile: previous?.path ?? "", previousSha256: "", provable: true, damaged: false },
  sha256: null,
  sound: true
})

/** Said by a recording that began at 100. */
const stop: Gap = {
  id: "trade-100-7",
  revision: 1,
  dataType: "trade",
  cause: "recorder_stopped",
  status: "open",
  openedMicros: 500,
  closedMicros: null,
  firstMissingId: null,
  lastMissingId: null,
  missing: null,
  recovered: 0,
  connectionBefore: 1,
  connectionAfter: null
}

const first = file(110, 300, null)
const second = file(310, 490, first)

const standing = (files: ReadonlyArray<ChainedFile>, gap: Gap = stop) => {
  const [{ closedMicros, openedMicros, status }] = takenOver([gap], files) as [Gap]
  return [status, openedMicros, closedMicros]
}

describe("a gap of a feed that another process has taken over", () => {
  it("lasts from the last row of the one to the first row of the other", () => {
    const other = file(700, 800, null)
    assert.deepStrictEqual(standing([other, second, first]), ["missing", 490, 700])
    assert.deepStrictEqual(standing([first, second, other, file(810, 900, other)]), ["missing", 490, 700])
  })

  it("is none where the other began before the one had stopped", () => {
    const other = file(400, 450, null)
    assert.deepStrictEqual(standing([first, second, other, file(460, 900, other)]), ["dismissed", 490, 490])
    assert.deepStrictEqual(standing([first, second, file(495, 900, null)]), ["missing", 490, 495])
  })

  it("stays open where nobody else has recorded since", () => {
    assert.deepStrictEqual(standing([first, second]), ["open", 500, null])
    assert.deepStrictEqual(standing([first, second, file(400, 480, null)]), ["open", 500, null])
  })

  it("stays open where the rows after it follow on files of the one that says so, or on none that are here", () => {
    assert.deepStrictEqual(standing([first, second, file(700, 800, second)]), ["open", 500, null])
    assert.deepStrictEqual(standing([first, second, file(700, 800, file(600, 650, null))]), ["open", 500, null])
  })

  it("stays open where those who recorded before are long gone, and the one that says so goes on", () => {
    const gone = file(10, 90, null)
    assert.deepStrictEqual(standing([gone, file(110, 800, null)]), ["open", 500, null])
    assert.deepStrictEqual(standing([first, file(80, 800, null)]), ["open", 500, null])
  })

  it("is left alone where it has ended", () => {
    const ended: Gap = { ...stop, status: "missing", closedMicros: 600 }
    assert.deepStrictEqual(standing([first, second, file(700, 800, null)], ended), ["missing", 500, 600])
  })
})

import { assert, describe, it } from "@effect/vitest"
import { isLastStop } from "../../src/completeness/isLastStop.ts"
import type { Gap } from "../../src/domain/Gap.ts"

const stop: Gap = {
  id: "trade-1-1",
  revision: 1,
  dataType: "trade",
  cause: "recorder_stopped",
  status: "open",
  openedMicros: 1_000_000_000,
  closedMicros: null,
  firstMissingId: null,
  lastMissingId: null,
  missing: null,
  recovered: 0,
  connectionBefore: 1,
  connectionAfter: null
}

describe("the stop with which all that is known ends", () => {
  it("is no hole unless somebody asks for what came after it", () => {
    assert.isTrue(isLastStop(stop, { newest: 1_005_000_000, to: null }))
    assert.isFalse(isLastStop(stop, { newest: 1_005_000_000, to: 1_006_000_000 }))
  })

  it("is one where others were recorded long after it, where it has ended, and where nobody asked for it", () => {
    assert.isFalse(isLastStop(stop, { newest: 1_121_000_000, to: null }))
    assert.isFalse(isLastStop({ ...stop, status: "missing" }, { newest: 1_005_000_000, to: null }))
    assert.isFalse(isLastStop({ ...stop, cause: "recorder_crashed" }, { newest: 1_005_000_000, to: null }))
  })
})

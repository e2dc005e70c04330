import type { GarbageForm } from "./Fault.ts"
import type { SeededRandom } from "./SeededRandom.ts"
import type { Payload } from "./VenueSession.ts"

const hugeBytes = 4 * 1024 * 1024

/** A frame that is no message of any venue. */
export const garbage = (form: GarbageForm, random: SeededRandom, bytes = hugeBytes): Payload => {
  switch (form) {
    case "broken-json":
      return `{"stream":"btcusdt@trade","data":{"e":"trade","t":${random.integer(1, 1_000_000)},"p":"8`
    case "binary":
      return Buffer.from(Array.from({ length: 64 }, () => random.integer(0, 255)))
    case "unknown":
      return `{"hello":"world","lucky":[${random.integer(1, 49)},${random.integer(1, 49)}],"nested":{"e":null}}`
    case "huge":
      return `{"filler":"${"x".repeat(bytes)}"}`
  }
}

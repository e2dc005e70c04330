import { MissingIds } from "./MissingIds.ts"
import { duplicate, inOrder, type Verdict } from "./Verdict.ts"

/** Holes of a connection that a late message may still fill. */
const rememberedHoles = 256

/**
 * Judges the numbers of all messages of one connection, whatever they carry: the first is 0, and each is one more than the one
 * before (Coinbase `sequence_num`). A hole tells how many messages are missing, not how many events of which feed.
 */
export const make = () => {
  const missing = new MissingIds(rememberedHoles)
  let expected = 0
  return (sequence: number): Verdict => {
    if (sequence < expected) {
      const filled = missing.take(sequence, sequence)
      return filled > 0 ? { _tag: "OutOfOrder", filled } : duplicate
    }
    const hole = sequence === expected ? null : { first: expected, last: sequence - 1 }
    expected = sequence + 1
    if (hole === null) return inOrder
    missing.add(hole)
    return { _tag: "Gap", missing: hole }
  }
}

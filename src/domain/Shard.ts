import { hash } from "node:crypto"
import type { Feed } from "./Feed.ts"

/** Which of the processes that share one configuration this is. */
export interface Shard {
  /** From 0. */
  readonly index: number
  /** How many processes there are. */
  readonly count: number
}

/** How a process is named among those that share its configuration: by the index that it was given. */
export const shardText = ({ count, index }: Shard): string => `shard ${index} of ${count} (0 to ${count - 1})`

/**
 * The process, of `count`, that records a feed: the one whose index gives the greatest SHA-256 of `<exchange>/<symbol>#<index>`
 * (rendezvous hashing), so that with one process more no feed moves but to that one. The feeds of a symbol share one ledger of
 * gaps, so they stay together.
 */
export const indexOf = ({ exchange, normalizedSymbol }: Feed, count: number): number => {
  let best = 0
  let greatest = ""
  for (let index = 0; index < count; index++) {
    const weight = hash("sha256", `${exchange}/${normalizedSymbol}#${index}`)
    if (weight <= greatest) continue
    best = index
    greatest = weight
  }
  return best
}

import type { Parsed } from "../Exchange.ts"
import { clipped } from "./clipped.ts"

/** A frame of market data for something that its connection did not subscribe to. */
export const unrequested = (subject: string): Parsed => ({
  events: [],
  control: null,
  problems: [{ _tag: "Unrequested", subject: clipped(subject) }],
  connectionSequence: null
})

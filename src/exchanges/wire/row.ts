import type { Event } from "../../domain/Event.ts"
import { events, malformed, type Parsed } from "../Exchange.ts"

/** The one row of a frame, or the reason why there is none. */
export const row = (event: Event | string): Parsed => typeof event === "string" ? malformed(event) : events([event])

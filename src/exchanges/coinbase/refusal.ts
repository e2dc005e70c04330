import { control, malformed, type Parsed } from "../Exchange.ts"
import type { JsonObject } from "../wire/json.ts"

/** A message of type `error`, which both dialects send outside their channels and numbering. */
export const parseRefusal = (message: JsonObject): Parsed => {
  if (typeof message.message !== "string") return malformed("error: message is not text")
  const reason = typeof message.reason === "string" ? `${message.message}: ${message.reason}` : message.message
  return control({ _tag: "Rejected", reason })
}

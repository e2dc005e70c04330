import { Record } from "effect"
import { registry } from "../exchanges/registry.ts"

/** How each venue writes its symbols. */
export const notations = Record.map(registry, (make) => make(null).notation)

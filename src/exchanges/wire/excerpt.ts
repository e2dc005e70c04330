import { clipped } from "./clipped.ts"

/** Any JSON value of a venue as a few words for a reason. */
export const excerpt = (value: unknown): string => {
  if (typeof value === "string") return clipped(value)
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value)
  if (value === undefined) return "nothing"
  return Array.isArray(value) ? "an array" : "an object"
}

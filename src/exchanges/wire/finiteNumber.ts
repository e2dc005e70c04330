/** A JSON number that is finite as a double (`1e999` parses to infinity); null for anything else. */
export const finiteNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null

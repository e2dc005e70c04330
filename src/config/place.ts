/** A place in the file as an operator would name it: `markets[1].symbols[0]`. */
export const place = (path: ReadonlyArray<PropertyKey>): string => {
  let written = ""
  for (const step of path) {
    if (typeof step === "number") {
      written += `[${step}]`
    } else {
      const name = String(step)
      // Quoted as in TOML, which also keeps control characters out of the terminal.
      written += (written === "" ? "" : ".") + (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name))
    }
  }
  return written
}

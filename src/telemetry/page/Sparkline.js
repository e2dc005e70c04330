// @ts-check

const namespace = "http://www.w3.org/2000/svg"
const height = 20

/** @param {number} value */
const short = (value) => value.toFixed(1)

/** The last minutes of a rate as a line over a filled area, from zero to the highest point. */
export class Sparkline {
  #line = document.createElementNS(namespace, "path")
  #area = document.createElementNS(namespace, "path")

  /** @param {Element} svg an empty one */
  constructor(svg) {
    svg.setAttribute("preserveAspectRatio", "none")
    this.#line.setAttribute("class", "line")
    this.#area.setAttribute("class", "area")
    svg.append(this.#area, this.#line)
    this.svg = svg
  }

  /** @param {ArrayLike<number>} values oldest first */
  draw(values) {
    const last = values.length - 1
    let highest = 0
    for (let at = 0; at <= last; at++) highest = Math.max(highest, values[at] ?? 0)
    let path = ""
    for (let at = 0; at <= last; at++) {
      const share = highest === 0 ? 0 : (values[at] ?? 0) / highest
      path += `${at === 0 ? "M" : "L"}${at} ${short(height - 1 - share * (height - 2))}`
    }
    this.svg.setAttribute("viewBox", `0 0 ${Math.max(1, last)} ${height}`)
    this.#line.setAttribute("d", path)
    this.#area.setAttribute("d", `${path}L${last} ${height}L0 ${height}Z`)
  }
}

import { dayOf } from "./logFileNames.ts"

interface Line {
  /** The day that it belongs to, UTC. */
  readonly day: string
  readonly bytes: Buffer
}

/** Lines that wait for the disk: bounded, and what finds no room is counted. */
export class PendingLines {
  readonly #limitBytes: number
  #lines: Array<Line> = []
  #bytes = 0
  #dropped = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get first(): Line | undefined {
    return this.#lines[0]
  }

  get size(): number {
    return this.#lines.length
  }

  /** Lines that found no room since `takeDropped` was asked last. */
  get dropped(): number {
    return this.#dropped
  }

  /** False when there was no room. */
  add(atMillis: number, text: string): boolean {
    const bytes = Buffer.from(`${text}\n`)
    if (this.#bytes + bytes.length > this.#limitBytes) {
      this.#dropped++
      return false
    }
    this.#lines.push({ day: dayOf(atMillis), bytes })
    this.#bytes += bytes.length
    return true
  }

  /** The oldest lines, of one day and of `bytes` together, but at least one where there is any. */
  batch(bytes: number): Buffer {
    const lines: Array<Buffer> = []
    let total = 0
    for (const line of this.#lines) {
      if (line.day !== this.#lines[0]?.day || (lines.length > 0 && total + line.bytes.length > bytes)) break
      total += line.bytes.length
      lines.push(line.bytes)
    }
    return Buffer.concat(lines)
  }

  /** Forgets the oldest lines as far as `bytes` hold all of them. */
  written(bytes: number): void {
    let lines = 0
    let left = bytes
    for (const line of this.#lines) {
      if (line.bytes.length > left) break
      left -= line.bytes.length
      lines++
    }
    this.#lines = this.#lines.slice(lines)
    this.#bytes -= bytes - left
  }

  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }
}

import type { Venue } from "../../src/domain/Venue.ts"

/** What is written anew into each frame that is sent; all of one width, so that frames need no rendering. */
export type Field = "symbol" | "lower" | "id" | "previous" | "millis" | "time" | "numberedTime"

/** Rendered WebSocket frames, one after the other, which are sent in turn. */
export interface Ring {
  readonly bytes: Buffer
  /** Where each frame begins, and behind the last one the end. */
  readonly starts: Int32Array
  /** What is written into each frame, in this order. */
  readonly fields: ReadonlyArray<Field>
  /** Where, counted from the beginning of a frame. */
  readonly places: Int32Array
  readonly eventsPerFrame: number
}

/** Ids have as many digits as this, and begin here. */
export const firstId = "5000000000"

/** What Coinbase begins its messages with: the longer the number, the fewer digits a second has. */
export const numberedTime = (time: string, sequence: number): string => {
  const number = String(sequence)
  return `${time.slice(0, -1).padEnd(30 - number.length, "0")}Z","sequence_num":${number}`
}

/** A piece of a frame: text, or what is written anew. */
export type Part = string | { readonly field: Field }

/** Makes the next frame of a ring; all have the same fields. */
export type Render = () => ReadonlyArray<Part>

const symbolLengths: Readonly<Record<Venue, number>> = { binance: 8, bybit: 8, okx: 9, coinbase: 8, upbit: 8 }

const widthOf = (field: Field, venue: Venue): number => {
  switch (field) {
    case "symbol":
    case "lower":
      return symbolLengths[venue]
    case "millis":
      return 13
    case "time":
      return 24
    case "numberedTime":
      return numberedTime("2026-09-21T14:13:20.190Z", 0).length
    case "id":
    case "previous":
      return firstId.length
  }
}

/** `length` bytes behind the header of a text frame from a server, which masks nothing. */
const header = (length: number): Buffer => {
  if (length < 126) return Buffer.from([0x81, length])
  const long = Buffer.from([0x81, 126, 0, 0])
  long.writeUInt16BE(length, 2)
  return long
}

/** Renders `frames` frames of a venue. */
export const renderRing = (venue: Venue, frames: number, render: Render): Ring => {
  const parts: Array<Buffer> = []
  const starts = new Int32Array(frames + 1)
  const places: Array<number> = []
  let fields: ReadonlyArray<Field> = []
  let end = 0
  for (let frame = 0; frame < frames; frame++) {
    const own: Array<Field> = []
    const at: Array<number> = []
    let text = ""
    for (const part of render()) {
      if (typeof part === "string") {
        text += part
        continue
      }
      own.push(part.field)
      at.push(text.length)
      text += " ".repeat(widthOf(part.field, venue))
    }
    const head = header(text.length)
    parts.push(head, Buffer.from(text, "latin1"))
    places.push(...at.map((place) => place + head.length))
    fields = own
    end += head.length + text.length
    starts[frame + 1] = end
  }
  return {
    bytes: Buffer.concat(parts),
    starts,
    fields,
    places: Int32Array.from(places),
    eventsPerFrame: Math.max(1, fields.filter((field) => field === "id").length)
  }
}

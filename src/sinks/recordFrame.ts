import { crc32 } from "node:zlib"
import type { PageBytes } from "./PageBytes.ts"

// F8 and FF occur in no UTF-8 text, so that what rows carry is not taken for the start of a record.
const marker = Buffer.from([0xf8, 0x54, 0x4b, 0xff])

/** Marker, length of the body and its CRC-32, 4 bytes each. */
export const frameHeaderBytes = 12

/** Begins a record and answers where it starts; its body follows. */
export const begin = (bytes: PageBytes): number => {
  const at = bytes.length
  bytes.appendUInt32(marker.readUInt32LE())
  bytes.appendUInt32(0)
  bytes.appendUInt32(0)
  return at
}

/** Ends the record that started at `at` and answers its bytes, framing included. */
export const end = (bytes: PageBytes, at: number): number => {
  const body = bytes.written.subarray(at + frameHeaderBytes)
  bytes.setUInt32(body.length, at + 4)
  bytes.setUInt32(crc32(body), at + 8)
  return bytes.length - at
}

/** A whole record: where its frame starts in what was read, and its body, a view of that. */
export interface Frame {
  readonly at: number
  readonly body: Buffer
}

/** What was found from `from` on: whole records, and where something stood that is none. */
export interface Scan {
  readonly frames: ReadonlyArray<Frame>
  /** Where the first bytes stand that belong to no whole record; null when there are none. */
  readonly brokenAt: number | null
  /** True when whole records follow such bytes: no write that was cut short leaves that. */
  readonly damaged: boolean
}

/** Finds every record whose checksum holds, also behind damage. */
export const scan = (bytes: Buffer, from: number): Scan => {
  const frames: Array<Frame> = []
  let brokenAt: number | null = null
  let damaged = false
  let at = from
  while (at < bytes.length) {
    const body = bodyAt(bytes, at)
    if (body !== null) {
      if (brokenAt !== null) damaged = true
      frames.push({ at, body })
      at += frameHeaderBytes + body.length
      continue
    }
    brokenAt ??= at
    const next = bytes.indexOf(marker, at + 1)
    if (next === -1) break
    at = next
  }
  return { frames, brokenAt, damaged }
}

const bodyAt = (bytes: Buffer, at: number): Buffer | null => {
  const start = at + frameHeaderBytes
  if (start > bytes.length || bytes.readUInt32LE(at) !== marker.readUInt32LE()) return null
  const length = bytes.readUInt32LE(at + 4)
  // No record is empty, and a run of zeros would otherwise have the checksum of one.
  if (length === 0 || start + length > bytes.length) return null
  const body = bytes.subarray(start, start + length)
  return crc32(body) === bytes.readUInt32LE(at + 8) ? body : null
}

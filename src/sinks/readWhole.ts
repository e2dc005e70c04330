import { Effect, type FileSystem } from "effect"

/** All bytes of a file; not a copy of them, for a segment of the journal has 16 MiB. */
export const readWhole = (fs: FileSystem.FileSystem, path: string) =>
  Effect.map(fs.readFile(path), (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))

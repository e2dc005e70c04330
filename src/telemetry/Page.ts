import { Effect, FileSystem, Path } from "effect"
import { fileURLToPath } from "node:url"

/** A file of the live page, as it is served. */
export interface PageFile {
  readonly contentType: string
  readonly body: Uint8Array
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml"
}

/** Every file of the page. */
export const names = [
  "index.html",
  "page.css",
  "icon.svg",
  "main.js",
  "Choice.js",
  "columns.js",
  "connection.js",
  "elements.js",
  "Feed.js",
  "FeedRowView.js",
  "FeedTable.js",
  "formats.js",
  "LogView.js",
  "RecorderClock.js",
  "Sparkline.js",
  "summary.js"
] as const

/** What a browser may do with the page: nothing but to load and to hear this server. */
export const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer"
}

/** The folder that the files are in. */
export const folder = fileURLToPath(new URL("page", import.meta.url))

/** The page's files by their paths. They are part of the program: one that cannot be read is a defect. */
export const load = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const files = yield* Effect.forEach(
    names,
    (name) =>
      Effect.map(fs.readFile(path.join(folder, name)), (body): readonly [string, PageFile] => [
        name === "index.html" ? "/" : `/page/${name}`,
        { body, contentType: contentTypes[path.extname(name)] ?? "application/octet-stream" }
      ])
  )
  return new Map(files)
}).pipe(Effect.orDie)

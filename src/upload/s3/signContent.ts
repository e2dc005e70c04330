/**
 * A middleware, for the step "build", that puts the content under a request's signature: also a store that knows no checksums
 * must then refuse a body that arrives otherwise. The SDK itself signs a stream without its content, and reads other bodies once
 * more for it, all at a time.
 */
export const signContent =
  (sha256: string) => <A extends { readonly request: unknown }, R>(next: (args: A) => R) => (args: A): R => {
    if (isRequest(args.request)) args.request.headers["x-amz-content-sha256"] = sha256
    return next(args)
  }

const isRequest = (request: unknown): request is { readonly headers: Record<string, string> } =>
  typeof request === "object" && request !== null && "headers" in request && typeof request.headers === "object"

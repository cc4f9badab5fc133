import type { components } from '@/api/schema.gen'

/** An RFC 9457 problem document, as every error of the API is one. */
export type Problem = components['schemas']['Problem']

/** What the API refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  readonly problem: Problem

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail ?? problem.title, options)
    this.name = 'ApiError'
    this.problem = problem
  }

  static unreachable(cause: unknown): ApiError {
    return new ApiError(
      {
        type: 'about:blank',
        title: 'The server cannot be reached',
        status: 0,
        code: 'unavailable',
        detail: 'The Toygres server cannot be reached. Check your connection, then try again.',
      },
      { cause },
    )
  }
}

/**
 * The problem document in the body of a refusal. Something between us and the
 * API (a proxy, say) may answer with anything else, which becomes one too.
 */
export function problemOf(body: unknown, response: { status: number; statusText: string }): Problem {
  if (isProblem(body)) return body
  return {
    type: 'about:blank',
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    code: response.status === 401 ? 'unauthenticated' : response.status >= 502 ? 'unavailable' : 'internal',
    detail: `The server answered ${`${response.status} ${response.statusText}`.trim()} without saying why. Try again in a moment.`,
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'title' in body && 'status' in body && 'code' in body
}

/** Whether error means that nobody is signed in (any more). */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ApiError && error.problem.status === 401
}

/** Whether error means that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.problem.status === 404
}

/** What to tell a person about error: the server's own words where there are any. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The server's message for each field that breaks a rule. */
export function fieldMessages(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {}
  const messages: Record<string, string> = {}
  for (const { field, message } of error.problem.errors ?? []) messages[field] ??= message
  return messages
}

const sentences: Record<string, string> = {
  expired: 'The sign-in was not begun in this browser, or took too long. Try again.',
  cancelled: 'You were not signed in there. Try again, or use another way.',
  unavailable: 'It does not answer just now. Try again in a moment.',
  invalid: 'What it answered could not be verified. Try again; if it happens again, tell an administrator.',
  email: 'It does not vouch for your e-mail address. Have it verified there first.',
  domain: 'Your e-mail address is of a domain that is not allowed here. Use another account.',
  role: 'Your account there has no rights here. Ask an administrator.',
  name: 'There is a user of that name who signs in another way. Sign in that way, or ask an administrator.',
  disabled: 'Your account here is disabled. Ask an administrator.',
}

/** Why a sign-in with a provider failed, in words; undefined for what is no reason of ours. */
export function signInProblem(reason: string | undefined): string | undefined {
  return reason === undefined || !Object.hasOwn(sentences, reason) ? undefined : sentences[reason]
}

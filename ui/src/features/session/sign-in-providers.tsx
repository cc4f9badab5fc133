import { useQuery } from '@tanstack/react-query'

import { Alert } from '@/components/alert'
import { buttonClass } from '@/components/button'

import { providersQuery } from './queries'
import { signInProblem } from './sign-in-problem'

interface Props {
  /** The page to come back to. */
  returnTo: string
  /** Why the last try failed, as the address says. */
  problem: string | undefined
}

/** The buttons that lead to the providers one can sign in with. Nothing where there are none. */
export function SignInProviders({ returnTo, problem }: Props) {
  const { data } = useQuery(providersQuery)
  const sentence = signInProblem(problem)
  return (
    <>
      {sentence && <Alert className="mb-4">{sentence}</Alert>}
      {data && data.items.length > 0 && (
        <>
          <div className="flex flex-col gap-2">
            {data.items.map(({ name, title }) => (
              <a
                key={name}
                href={`/api/sign-in/${encodeURIComponent(name)}?${new URLSearchParams({ return_to: returnTo }).toString()}`}
                className={buttonClass('secondary')}
              >
                Sign in with {title}
              </a>
            ))}
          </div>
          <p className="my-4 text-center text-sm text-ink-faint">or with a password</p>
        </>
      )}
    </>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Skeleton } from '@/components/skeleton'

import { userTokensQuery } from './queries'
import { TokenRow } from './token-row'

/** The API tokens of another user, for whoever may revoke them. */
export function UserTokens({ name }: { name: string }) {
  const tokens = useQuery(userTokensQuery(name))
  const heading = useId()
  return (
    <section aria-labelledby={heading}>
      <h3 id={heading} className="text-sm font-medium">
        API tokens
      </h3>
      {tokens.data ? (
        tokens.data.items.length === 0 ? (
          <p className="mt-1 text-sm text-ink-faint">None. Users make their own.</p>
        ) : (
          <ul className="mt-1 max-h-56 divide-y overflow-y-auto">
            {tokens.data.items.map((token) => (
              <TokenRow key={token.id} token={token} owner={name} />
            ))}
          </ul>
        )
      ) : tokens.isError ? (
        <ErrorAlert error={tokens.error} className="mt-2" />
      ) : (
        <Skeleton className="mt-1 h-5" />
      )}
    </section>
  )
}

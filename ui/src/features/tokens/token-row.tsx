import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'
import { toast } from '@/lib/toasts'

import { useRevokeToken } from './queries'

interface Props {
  token: Schema<'Token'>
  /** Whose it is, where that is somebody else. */
  owner?: string
  className?: string
}

/** A token with what it may do and when it was used, and the way to revoke it. */
export function TokenRow({ token, owner, className }: Props) {
  const revoke = useRevokeToken(token.id, owner)
  return (
    <li
      className={cx('flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5', className)}
      data-token={token.name}
    >
      <span className="min-w-0 flex-1 wrap-anywhere">
        <span className="font-medium">{token.name}</span>{' '}
        <code className="font-mono text-sm text-ink-faint">{token.prefix}…</code>
        <span className="block text-sm text-ink-soft">
          {token.role} ·{' '}
          {token.last_used_at ? (
            <>
              used <RelativeTime at={token.last_used_at} />
            </>
          ) : (
            'never used'
          )}{' '}
          ·{' '}
          {token.expires_at ? (
            <>
              ends <RelativeTime at={token.expires_at} ahead />
            </>
          ) : (
            'does not end'
          )}
        </span>
      </span>
      <Button
        size="sm"
        look="dangerOutline"
        aria-label={`Revoke ${token.name}`}
        pending={revoke.isPending}
        onClick={() => revoke.mutate(undefined, { onSuccess: () => toast(`Revoked ${token.name}`) })}
      >
        Revoke
      </Button>
      {revoke.isError && <ErrorAlert error={revoke.error} className="w-full" />}
    </li>
  )
}

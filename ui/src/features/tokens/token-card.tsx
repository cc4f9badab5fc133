import { useQuery } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { CopyButton } from '@/components/copy-button'
import { SelectField, TextField } from '@/components/field'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { fieldMessages } from '@/lib/problem'

import { tokensQuery, useCreateToken, useRevokeToken } from './queries'

type Role = Schema<'Role'>

const ranks: Role[] = ['viewer', 'operator', 'admin']
const ends = [
  { value: '30', title: 'In 30 days' },
  { value: '90', title: 'In 90 days' },
  { value: '365', title: 'In a year' },
  { value: '', title: 'Never' },
]

/** One's own API tokens, and where one makes another. */
export function TokenCard({ role: most }: { role: Role }) {
  const tokens = useQuery(tokensQuery)
  return (
    <Card title="API tokens" flush>
      <ul className="divide-y">
        {tokens.data?.items.map((token) => (
          <TokenRow key={token.id} token={token} />
        ))}
      </ul>
      {tokens.data?.items.length === 0 && (
        <p className="px-5 py-4 text-ink-faint">None yet. A program that uses the API needs one.</p>
      )}
      {tokens.isError && <ErrorAlert error={tokens.error} className="m-4" />}
      <div className="border-t p-4 sm:p-5">
        <NewToken most={most} />
      </div>
    </Card>
  )
}

function TokenRow({ token }: { token: Schema<'Token'> }) {
  const revoke = useRevokeToken(token.id)
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 sm:px-5" data-token={token.name}>
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
              ends <RelativeTime at={token.expires_at} />
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
        onClick={() => revoke.mutate()}
      >
        Revoke
      </Button>
      {revoke.isError && <ErrorAlert error={revoke.error} className="w-full" />}
    </li>
  )
}

function NewToken({ most }: { most: Role }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>(most)
  const [days, setDays] = useState('90')
  const create = useCreateToken()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    create.mutate(
      { name, role, ...(days && { expires_in_days: Number(days) }) },
      { onSuccess: () => setName('') },
    )
  }
  const allowed = ranks.slice(0, ranks.indexOf(most) + 1)
  return (
    <form onSubmit={submit}>
      <div className="grid gap-x-3 sm:grid-cols-3">
        <TextField
          label="New token for"
          placeholder="ci"
          required
          maxLength={64}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={create.isError ? fieldMessages(create.error).name : undefined}
        />
        <SelectField
          label="May do at most"
          name="role"
          value={role}
          choices={allowed.map((value) => ({ value, title: value }))}
          onChange={(value) => setRole(allowed.find((r) => r === value) ?? most)}
        />
        <SelectField label="Ends" name="days" value={days} choices={ends} onChange={setDays} />
      </div>
      <Button type="submit" pending={create.isPending}>
        Create token
      </Button>
      {create.isError && <ErrorAlert error={create.error} className="mt-3" />}
      {create.data && (
        <Alert look="info" className="mt-3" title="Copy it now; it can’t be shown again.">
          <span className="flex items-center gap-2">
            <code className="font-mono text-sm wrap-anywhere text-ink" data-testid="new-token">
              {create.data.token}
            </code>
            <CopyButton text={create.data.token} what="token" />
          </span>
        </Alert>
      )}
    </form>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { CopyButton } from '@/components/copy-button'
import { SelectField, TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { fieldMessages } from '@/lib/problem'

import { tokensQuery, useCreateToken } from './queries'
import { TokenRow } from './token-row'

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
          <TokenRow key={token.id} token={token} className="px-4 sm:px-5" />
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

import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { TextField } from '@/components/field'
import { Page } from '@/components/page'
import { AuditTable } from '@/features/audit/audit-table'
import { auditQuery } from '@/features/audit/queries'
import { canManageUsers } from '@/features/session/roles'
import { useDebounced } from '@/lib/use-debounced'

const route = getRouteApi('/signed-in/audit')

export function AuditPage() {
  const { me } = route.useRouteContext()
  const [typed, setTyped] = useState({ user: '', action: '', instance: '' })
  const filter = useDebounced(typed, 300)
  const allowed = canManageUsers(me.role)
  const log = useInfiniteQuery({ ...auditQuery(filter), enabled: allowed })
  const entries = log.data?.pages.flatMap((page) => page.items)
  const field = (name: keyof typeof typed) => ({
    value: typed[name],
    autoComplete: 'off',
    spellCheck: false,
    onChange: (event: { target: { value: string } }) =>
      setTyped({ ...typed, [name]: event.target.value.trim() }),
  })
  return (
    <Page title="Audit log">
      <h1 className="mb-5 text-xl font-semibold tracking-tight">Audit log</h1>
      {!allowed && <Alert title="This is for administrators">Your role is {me.role}.</Alert>}
      {allowed && (
        <div className="grid gap-x-3 sm:grid-cols-3">
          <TextField label="User" {...field('user')} />
          <TextField label="Action" placeholder="deleteInstance" {...field('action')} />
          <TextField label="Instance" {...field('instance')} />
        </div>
      )}
      {log.isError && <ErrorAlert error={log.error} />}
      {entries && (
        <div className="overflow-hidden rounded-xl border bg-surface shadow-card">
          {entries.length === 0 ? (
            <p className="px-5 py-4 text-ink-faint">No entry matches.</p>
          ) : (
            <AuditTable entries={entries} />
          )}
        </div>
      )}
      {log.hasNextPage && (
        <div className="mt-4 text-center">
          <Button pending={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </Page>
  )
}

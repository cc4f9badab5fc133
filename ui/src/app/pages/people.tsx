import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Page } from '@/components/page'
import { CreateUserDialog } from '@/features/people/create-user-dialog'
import { EditUserDialog } from '@/features/people/edit-user-dialog'
import { usersQuery } from '@/features/people/queries'
import { UserTable } from '@/features/people/user-table'
import { canManageUsers } from '@/features/session/roles'
import { UserTokens } from '@/features/tokens/user-tokens'
import type { Schema } from '@/lib/api'

const route = getRouteApi('/signed-in/people')

export function PeoplePage() {
  const { me } = route.useRouteContext()
  const [creating, setCreating] = useState(false)
  const [edited, setEdited] = useState<Schema<'User'>>()
  const allowed = canManageUsers(me.role)
  const users = useQuery({ ...usersQuery, enabled: allowed })
  return (
    <Page title="People">
      <div className="mb-5 flex items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">People</h1>
        {allowed && (
          <Button look="primary" onClick={() => setCreating(true)}>
            <UserPlus aria-hidden />
            New user
          </Button>
        )}
      </div>
      {!allowed && <Alert title="This is for administrators">Your role is {me.role}.</Alert>}
      {users.isError && <ErrorAlert error={users.error} />}
      {users.data && (
        <div className="overflow-hidden rounded-xl border bg-surface shadow-card">
          <UserTable users={users.data.items} onEdit={setEdited} />
        </div>
      )}
      {creating && <CreateUserDialog onClose={() => setCreating(false)} />}
      {edited && (
        <EditUserDialog user={edited} onClose={() => setEdited(undefined)}>
          <UserTokens name={edited.name} />
        </EditUserDialog>
      )}
    </Page>
  )
}

import { useState, type ReactNode, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'

import { useUpdateUser, useUserAction } from './queries'
import { limitOf } from './quota'
import { RoleField } from './role-field'

interface Props {
  user: Schema<'User'>
  /** What else there is about the user. */
  children: ReactNode
  onClose: () => void
}

/** Where a user gets another role, quota or password, is disabled or removed. */
export function EditUserDialog({ user, children, onClose }: Props) {
  const [role, setRole] = useState(user.role)
  const [instances, setInstances] = useState(String(user.override.instances ?? ''))
  const [storage, setStorage] = useState(String(user.override.storage_gib ?? ''))
  const [password, setPassword] = useState('')
  const [sure, setSure] = useState(false)
  const update = useUpdateUser(user.name)
  const able = useUpdateUser(user.name)
  const remove = useUserAction('delete', user.name)
  const unlock = useUserAction('unlock', user.name)

  const limits = { instances: limitOf(instances), storage_gib: limitOf(storage) }
  const wrong = (limit: number | undefined | null) => (limit === null ? 'must be a whole number' : undefined)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (limits.instances === null || limits.storage_gib === null) return
    update.mutate(
      {
        ...(role !== user.role && { role }),
        ...(password && { password }),
        quota: {
          ...(limits.instances !== undefined && { instances: limits.instances }),
          ...(limits.storage_gib !== undefined && { storage_gib: limits.storage_gib }),
        },
      },
      { onSuccess: done(`${user.name} is changed`) },
    )
  }
  const done = (text: string) => () => {
    toast(text)
    onClose()
  }
  const error = update.error ?? able.error ?? remove.error ?? unlock.error
  return (
    <Dialog title={user.name} onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-2">
        <RoleField value={role} onChange={setRole} />
        <div className="mt-2 grid gap-x-3 gap-y-2 sm:grid-cols-2">
          <TextField
            label="Most instances"
            inputMode="numeric"
            hint={`Has ${user.quota.instances.used}. Empty: as for all.`}
            value={instances}
            onChange={(event) => setInstances(event.target.value)}
            error={wrong(limits.instances)}
          />
          <TextField
            label="Most storage"
            unit="GiB"
            inputMode="numeric"
            hint={`Has ${user.quota.storage_gib.used}. Empty: as for all.`}
            value={storage}
            onChange={(event) => setStorage(event.target.value)}
            error={wrong(limits.storage_gib)}
          />
        </div>
        <TextField
          label="New password"
          type="password"
          hint="Empty: as it is. Another one ends the user’s sessions."
          minLength={8}
          maxLength={1000}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={update.isError ? fieldMessages(update.error).password : undefined}
        />
        <div className="flex flex-wrap gap-2">
          {user.locked_until && (
            <Button
              size="sm"
              pending={unlock.isPending}
              onClick={() => unlock.mutate(undefined, { onSuccess: done(`${user.name} is unlocked`) })}
            >
              Unlock
            </Button>
          )}
          <Button
            size="sm"
            look={user.disabled ? 'secondary' : 'dangerOutline'}
            pending={able.isPending}
            onClick={() =>
              able.mutate(
                { disabled: !user.disabled },
                { onSuccess: done(`${user.name} is ${user.disabled ? 'enabled' : 'disabled'}`) },
              )
            }
          >
            {user.disabled ? 'Enable' : 'Disable'}
          </Button>
          <Button
            size="sm"
            look={sure ? 'danger' : 'dangerOutline'}
            pending={remove.isPending}
            onClick={() =>
              sure ? remove.mutate(undefined, { onSuccess: done(`${user.name} is removed`) }) : setSure(true)
            }
          >
            {sure ? `Remove ${user.name} for good` : 'Remove'}
          </Button>
        </div>
        <p className="text-sm text-ink-faint">
          Disabling or removing ends all sessions and API tokens at once.
        </p>
        {children}
        {error && <ErrorAlert error={error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" pending={update.isPending}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

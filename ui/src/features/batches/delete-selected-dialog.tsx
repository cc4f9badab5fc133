import { useRef, useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { newUUID } from '@/lib/browser'

import { useDeleteInstances } from './queries'

interface Props {
  instances: Pick<Schema<'Instance'>, 'name' | 'deletion_protection'>[]
  /** For how long they can be brought back, in words; undefined when they are removed for good. */
  keep: string | undefined
  onBegun: (batch: Schema<'Batch'>) => void
  onClose: () => void
}

/** Asks whether to delete the chosen instances, which then is a batch. */
export function DeleteSelectedDialog({ instances, keep, onBegun, onClose }: Props) {
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState(false)
  const key = useRef(newUUID())
  const remove = useDeleteInstances()
  const count = instances.length
  const many = `${count} instance${count === 1 ? '' : 's'}`
  const words = `delete ${count}`
  const purge = asked || keep === undefined
  const shielded = instances.filter((instance) => instance.deletion_protection).length
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (typed !== words || remove.isPending) return
    const body = { names: instances.map(({ name }) => name), purge }
    remove.mutate({ body, key: key.current }, { onSuccess: onBegun })
  }
  return (
    <Dialog title={keep === undefined ? `Remove ${many} for good?` : `Delete ${many}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="text-ink-soft">
          {purge
            ? 'The servers and all their data are removed for good.'
            : `The servers are stopped. For ${keep} they can be brought back with their data.`}
          {shielded > 0 &&
            ` ${shielded === 1 ? 'One is' : `${shielded} are`} protected against deletion and left alone.`}
        </p>
        <ul
          aria-label="Instances"
          tabIndex={0}
          className="my-4 max-h-40 overflow-y-auto rounded-md border bg-sunken px-3 py-2 text-sm wrap-anywhere"
        >
          {instances.map(({ name }) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
        <TextField
          label={`Type “${words}”`}
          autoFocus
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {keep !== undefined && (
          <label className="mt-2 flex items-center gap-2">
            <input
              type="checkbox"
              checked={asked}
              onChange={(event) => {
                key.current = newUUID()
                setAsked(event.target.checked)
              }}
            />
            Remove them for good at once
          </label>
        )}
        {remove.isError && <ErrorAlert error={remove.error} className="mt-4" />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" disabled={typed !== words} pending={remove.isPending}>
            {keep === undefined ? 'Remove' : 'Delete'} {many}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

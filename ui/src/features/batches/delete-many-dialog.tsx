import { useRef, useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { newUUID } from '@/lib/browser'

import { useDeleteInstances } from './queries'

interface Props {
  onBegun: (batch: Schema<'Batch'>) => void
  onClose: () => void
}

/** Asks which instances to move to the trash, by a pattern of their names. */
export function DeleteManyDialog({ onBegun, onClose }: Props) {
  const [match, setMatch] = useState('')
  const key = useRef(newUUID())
  const remove = useDeleteInstances()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (match !== '' && !remove.isPending)
      remove.mutate({ body: { match }, key: key.current }, { onSuccess: onBegun })
  }
  return (
    <Dialog title="Delete many instances" onClose={onClose}>
      <form onSubmit={submit}>
        <TextField
          label="Names"
          hint="All instances whose name is like this: * is any text, ? any character. They are deleted as one by one, and those that are protected are left alone."
          placeholder="load-*"
          autoFocus
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={match}
          onChange={(event) => {
            key.current = newUUID()
            setMatch(event.target.value)
          }}
        />
        {remove.isError && <ErrorAlert error={remove.error} className="mt-4" />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" disabled={match === ''} pending={remove.isPending}>
            Delete instances
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

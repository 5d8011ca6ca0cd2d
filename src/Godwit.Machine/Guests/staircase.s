# The staircase: a bare-metal guest for RV64IM in machine mode, see docs/staircase.md.
#
# It walks a working set of pages for ever. At each page it proves the stamps of the last round, stamps the page anew and then adds one to
# the page's first word. So at any moment the first words form a staircase with at most one step, and only the page at the step can be half stamped.
#
# Hart 0 does the work, the others sleep. The parameter block and the status block are at fixed offsets from the start of the image.

.equ UART,          0x10000000
.equ TEST_DEVICE,   0x00100000
.equ CLINT_TIMECMP, 0x02004000
.equ CLINT_MTIME,   0x0200bff8
.equ PAGE,          4096

# Status values.
.equ RUNNING,       1
.equ VIOLATION,     2

start:
        j       begin
        .balign 16

# Parameters, filled in when the image is built.
parameters:
magic:          .dword 0                # "STAIRCAS"
working_set:    .dword 0                # address of the first page
page_count:     .dword 0
burst_pages:    .dword 0                # pages between two waits; 0: never wait
burst_ticks:    .dword 0                # 10 MHz ticks from one burst to the next
stamp_stride:   .dword 0                # distance of stamped words in bytes; 0: only the first word is used
report_rounds:  .dword 0                # print every so many rounds
scrub_bytes:    .dword 0                # this much at the end of the working set is cleared without looking
fail_on_violation: .dword 0             # 1: stop the machine by the test device

        .org start + 0x80
# s0 page address, s1 page number, s2 page count, s3 round, s4 stride, s5 working set,
# s6 stamp seed factor of the old round, s7 of the new one, s8 pages left in burst, s9 next deadline, s10 status block, s11 page for the mid-round check
begin:
        csrr    t0, mhartid
        bnez    t0, park
        la      sp, stack_top
        la      s10, status
        la      t0, parameters
        ld      s5, working_set - parameters(t0)
        ld      s2, page_count - parameters(t0)
        ld      s4, stamp_stride - parameters(t0)
        csrwi   mie, 0
        csrci   mstatus, 8
        la      t0, trap
        csrw    mtvec, t0
        jal     clear_memory
        li      s3, 0
        li      t0, RUNNING
        sd      t0, status - status(s10)
        la      a0, text_start
        jal     print_text
        mv      a0, s2
        jal     print_number
        la      a0, text_newline
        jal     print_text
        li      t0, CLINT_MTIME
        ld      s9, 0(t0)
        li      s8, 0

next_round:
        mv      s0, s5
        li      s1, 0
        # A page in the middle, another one each round, at which the whole staircase is looked at.
        li      t0, 0x9e3779b97f4a7c15
        mul     t0, t0, s3
        srli    t0, t0, 8
        remu    s11, t0, s2

next_page:
        bnez    s8, 1f
        jal     wait_for_burst
1:      bne     s1, s11, 2f
        jal     check_staircase
2:      beqz    s4, 5f

        # Stamps: word w of page p in round r is mix(p, r) + w * step, and 0 in round 0. From the last word down.
        mv      a0, s1
        mv      a1, s3
        jal     stamp_seed
        mv      t1, a0                  # old value
        mv      t3, a1                  # old step
        mv      a0, s1
        addi    a1, s3, 1
        jal     stamp_seed
        mv      t2, a0                  # new value
        mv      t4, a1                  # new step
        li      t0, PAGE - 8
        add     t0, t0, s0
3:      ld      t5, 0(t0)
        bne     t5, t1, stamp_violation
        sd      t2, 0(t0)
        add     t1, t1, t3
        add     t2, t2, t4
        sub     t0, t0, s4
        bgtu    t0, s0, 3b

5:      ld      t5, 0(s0)
        mv      t1, s3
        bne     t5, t1, violation
        addi    t5, t5, 1
        sd      t5, 0(s0)
        addi    s1, s1, 1
        sd      s1, cursor - status(s10)
        li      t0, PAGE
        add     s0, s0, t0
        addi    s8, s8, -1
        bltu    s1, s2, next_page

        # Round done: every page is one higher.
        addi    s3, s3, 1
        sd      s3, round - status(s10)
        sd      zero, cursor - status(s10)
        la      t0, parameters
        ld      t1, report_rounds - parameters(t0)
        remu    t1, s3, t1
        bnez    t1, next_round
        la      a0, text_round
        jal     print_text
        mv      a0, s3
        jal     print_number
        la      a0, text_ok
        jal     print_text
        li      t0, CLINT_MTIME
        ld      a0, 0(t0)
        jal     print_number
        la      a0, text_newline
        jal     print_text
        j       next_round

# Reads every first word: pages before s1 are at round + 1, the others at round. A violation is counted at its own page.
check_staircase:
        mv      t0, s5
        li      t2, 0
        addi    t1, s3, 1
        li      t3, PAGE
1:      bltu    t2, s1, 2f
        mv      t1, s3
2:      bgeu    t2, s2, 3f
        ld      t5, 0(t0)
        bne     t5, t1, 4f
        add     t0, t0, t3
        addi    t2, t2, 1
        j       1b
3:      ret
4:      mv      s1, t2
        j       violation

# a0 page, a1 round -> a0 value of the last word, a1 step from one stamped word to the next below it. Round 0 gives 0, 0: memory starts as zeros.
stamp_seed:
        beqz    a1, 1f
        li      a2, 0xd1342543de82ef95
        mul     a0, a0, a2
        li      a2, 0x2545f4914f6cdd1d
        mul     a1, a1, a2
        add     a0, a0, a1
        srli    a1, a0, 29
        xor     a0, a0, a1
        li      a1, 0x9e3779b97f4a7c15
        ret
1:      li      a0, 0
        ret

# Sleeps until the next burst is due. Writing the comparator again after each waking also survives a host that lost the timer.
wait_for_burst:
        la      t0, parameters
        ld      s8, burst_pages - parameters(t0)
        bnez    s8, 1f
        li      s8, -1
        ret
1:      ld      t1, burst_ticks - parameters(t0)
        add     s9, s9, t1
        li      t0, CLINT_MTIME
        li      t2, CLINT_TIMECMP
        ld      t1, 0(t0)
        bltu    t1, s9, 2f
        mv      s9, t1                  # late: no burst is made up for
        ret
2:      sd      s9, 0(t2)
        li      t3, 0x80
        csrs    mie, t3
        wfi
        csrc    mie, t3
        ld      t1, 0(t0)
        bltu    t1, s9, 2b
        ret

# Zeroes what the working set holds at the start: all of a page if its first or last word is not zero, and the end (a device tree lies there) in any case.
clear_memory:
        mv      t0, s5
        mv      t1, s2
        li      t2, PAGE
        la      t5, parameters
        ld      t5, scrub_bytes - parameters(t5)
        mul     t6, s2, t2
        add     t6, t6, s5
        sub     t5, t6, t5              # from here on without looking
        li      a2, PAGE - 8
1:      beqz    t1, 4f
        add     a1, t0, t2
        bgeu    t0, t5, 2f
        ld      a0, 0(t0)
        bnez    a0, 2f
        add     a0, t0, a2
        ld      a0, 0(a0)
        bnez    a0, 2f
        mv      t0, a1
        j       3f
2:      sd      zero, 0(t0)
        sd      zero, 8(t0)
        addi    t0, t0, 16
        bltu    t0, a1, 2b
3:      addi    t1, t1, -1
        j       1b
4:      ret

# t0 place, t1 expected, t5 found
stamp_violation:
violation:
        li      t0, VIOLATION
        sd      s1, bad_page - status(s10)
        sd      t1, bad_expected - status(s10)
        sd      t5, bad_found - status(s10)
        sd      t0, status - status(s10)
        la      a0, text_violation
        jal     print_text
        mv      a0, s1
        jal     print_number
        la      a0, text_expected
        jal     print_text
        ld      a0, bad_expected - status(s10)
        jal     print_number
        la      a0, text_found
        jal     print_text
        ld      a0, bad_found - status(s10)
        jal     print_number
        la      a0, text_newline
        jal     print_text
        la      t0, parameters
        ld      t1, fail_on_violation - parameters(t0)
        beqz    t1, park
fail:   li      t0, TEST_DEVICE
        li      t1, 0x00013333
        sw      t1, 0(t0)
park:   csrwi   mie, 0
        wfi
        j       park

# Nothing here may trap: say where and stop.
        .balign 4
trap:   la      a0, text_trap
        jal     print_text
        csrr    a0, mcause
        jal     print_number
        la      a0, text_at
        jal     print_text
        csrr    a0, mepc
        jal     print_number
        la      a0, text_newline
        jal     print_text
        li      t0, VIOLATION
        la      s10, status
        sd      t0, status - status(s10)
        j       fail

# a0 text, ended by 0
print_text:
        li      t0, UART
1:      lbu     t1, 0(a0)
        beqz    t1, 3f
2:      lbu     t2, 5(t0)
        andi    t2, t2, 0x20
        beqz    t2, 2b
        sb      t1, 0(t0)
        addi    a0, a0, 1
        j       1b
3:      ret

# a0 unsigned number, printed in decimal
print_number:
        addi    sp, sp, -48
        sd      ra, 40(sp)
        addi    t3, sp, 31
        sb      zero, 0(t3)
        li      t2, 10
1:      remu    t1, a0, t2
        divu    a0, a0, t2
        addi    t1, t1, '0'
        addi    t3, t3, -1
        sb      t1, 0(t3)
        bnez    a0, 1b
        mv      a0, t3
        jal     print_text
        ld      ra, 40(sp)
        addi    sp, sp, 48
        ret

text_start:     .asciz "staircase: start pages="
text_round:     .asciz "staircase: round "
text_ok:        .asciz " ok t="
text_violation: .asciz "staircase: VIOLATION page="
text_expected:  .asciz " expected="
text_found:     .asciz " found="
text_trap:      .asciz "staircase: VIOLATION trap cause="
text_at:        .asciz " at="
text_newline:   .asciz "\n"

# A page of its own: stores here must not fall on the page of the code.
        .org start + 0x1000
# Status, for whoever looks from outside.
status:         .dword 0
round:          .dword 0
cursor:         .dword 0                # pages of this round that are done
bad_page:       .dword 0
bad_expected:   .dword 0
bad_found:      .dword 0

        .org start + 0x2000
stack_top:

;; Scans quantised vectors for those that could be among the nearest to a question's vector.
;;
;; Four passages are a group. A group lies in memory as
;;
;;   offset  0  i32x4  library of each passage, -1 for none
;;   offset 16  f32x4  scale: a component is about scale * its int8
;;   offset 32  f32x4  radius: length of what quantisation took away, at most
;;   offset 48  int8   components: 8 of the first passage, 8 of the second, third and fourth; the next 8 of the first; ...
;;
;; The question's vector is int16, so that a product of 8 components is one instruction after the int8 have been widened.
;; What a group comes to is written as a result, when one of its passages reaches the threshold:
;;
;;   offset  0  f32x4  the most the similarity of each passage can be, -infinity when it is not in the wanted libraries
;;   offset 16  f32x4  the least it can be
;;   offset 32  i32    address of the group
(module
  (memory (export "memory") 1)

  ;; Returns the address after the last result.
  (func (export "scan")
    (param $group i32)          ;; address of the first group
    (param $groupsEnd i32)      ;; address after the last group
    (param $question i32)       ;; address of the question's vector
    (param $questionEnd i32)    ;; address after it
    (param $result i32)         ;; address where results go
    (param $firstLibrary i32)   ;; lowest number of a wanted library
    (param $lastLibrary i32)    ;; highest number of a wanted library
    (param $questionScale f32)  ;; a component of the question's vector is about this times its int16
    (param $questionLength f32) ;; Euclidean length of the question's vector
    (param $slack f32)          ;; what rounding can add to the error of any passage
    (param $threshold f32)
    (result i32)
    (local $component i32)      ;; address in the question's vector
    (local $components i32)     ;; address in the group, 48 bytes early
    (local $part v128)          ;; 8 components of the question's vector
    (local $sum0 v128) (local $sum1 v128) (local $sum2 v128) (local $sum3 v128)
    (local $wanted v128) (local $middle v128) (local $error v128) (local $most v128)

    (block $finished
      (loop $nextGroup
        (br_if $finished (i32.ge_u (local.get $group) (local.get $groupsEnd)))

        (local.set $wanted
          (v128.and
            (i32x4.ge_s (v128.load (local.get $group)) (i32x4.splat (local.get $firstLibrary)))
            (i32x4.le_s (v128.load (local.get $group)) (i32x4.splat (local.get $lastLibrary)))))

        ;; Dot products in whole numbers, as four partial sums a passage.
        (local.set $sum0 (v128.const i32x4 0 0 0 0))
        (local.set $sum1 (v128.const i32x4 0 0 0 0))
        (local.set $sum2 (v128.const i32x4 0 0 0 0))
        (local.set $sum3 (v128.const i32x4 0 0 0 0))
        (local.set $component (local.get $question))
        (local.set $components (local.get $group))
        (if (v128.any_true (local.get $wanted))
          (then
            (loop $nextComponents
              (local.set $part (v128.load (local.get $component)))
              (local.set $sum0 (i32x4.add (local.get $sum0)
                (i32x4.dot_i16x8_s (local.get $part) (v128.load8x8_s offset=48 (local.get $components)))))
              (local.set $sum1 (i32x4.add (local.get $sum1)
                (i32x4.dot_i16x8_s (local.get $part) (v128.load8x8_s offset=56 (local.get $components)))))
              (local.set $sum2 (i32x4.add (local.get $sum2)
                (i32x4.dot_i16x8_s (local.get $part) (v128.load8x8_s offset=64 (local.get $components)))))
              (local.set $sum3 (i32x4.add (local.get $sum3)
                (i32x4.dot_i16x8_s (local.get $part) (v128.load8x8_s offset=72 (local.get $components)))))
              (local.set $components (i32.add (local.get $components) (i32.const 32)))
              (br_if $nextComponents
                (i32.lt_u
                  (local.tee $component (i32.add (local.get $component) (i32.const 16)))
                  (local.get $questionEnd))))

            ;; The partial sums of two passages, interleaved and added; then those of all four: one sum a passage.
            (local.set $sum0
              (i32x4.add
                (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $sum0) (local.get $sum1))
                (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $sum0) (local.get $sum1))))
            (local.set $sum2
              (i32x4.add
                (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $sum2) (local.get $sum3))
                (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $sum2) (local.get $sum3))))
            (local.set $sum0
              (i32x4.add
                (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $sum0) (local.get $sum2))
                (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $sum0) (local.get $sum2))))

            ;; similarity = sum * scales, at most radius * length of the question's vector + slack away from the true one
            (local.set $middle
              (f32x4.mul
                (f32x4.convert_i32x4_s (local.get $sum0))
                (f32x4.mul (v128.load offset=16 (local.get $group)) (f32x4.splat (local.get $questionScale)))))
            (local.set $error
              (f32x4.add
                (f32x4.mul (v128.load offset=32 (local.get $group)) (f32x4.splat (local.get $questionLength)))
                (f32x4.splat (local.get $slack))))
            (local.set $most
              (v128.bitselect
                (f32x4.add (local.get $middle) (local.get $error))
                (v128.const f32x4 -inf -inf -inf -inf)
                (local.get $wanted)))

            (if (v128.any_true
                  (v128.and (f32x4.ge (local.get $most) (f32x4.splat (local.get $threshold))) (local.get $wanted)))
              (then
                (v128.store (local.get $result) (local.get $most))
                (v128.store offset=16 (local.get $result) (f32x4.sub (local.get $middle) (local.get $error)))
                (i32.store offset=32 (local.get $result) (local.get $group))
                (local.set $result (i32.add (local.get $result) (i32.const 48)))))))

        ;; A group has a head of 48 bytes and 32 bytes of components for every 16 of the question's vector.
        (local.set $group
          (i32.add
            (local.get $group)
            (i32.add
              (i32.const 48)
              (i32.shl (i32.sub (local.get $questionEnd) (local.get $question)) (i32.const 1)))))
        (br $nextGroup)))
    (local.get $result)))

#include "support/testing.h"

#include "core/abi.h"
#include "core/kept.h"
#include "duet/results.h"
#include "duet/run.h"
#include "duet/tensor.h"

#include <pthread.h>

/* --- structs that grow -------------------------------------------------------------------------------------
 */

struct options {
    size_t struct_size;
    float threshold;
    int most;
    const char *cpu;
};
#define OPTIONS                                                                                              \
    {                                                                                                        \
        sizeof(struct options), 0.5f, 100, "best"                                                            \
    }
static const struct options defaults = OPTIONS;

/* What a newer header has. */
struct more {
    struct options known;
    int flag;
    const void *pointer;
};

static enum duet_status copy(struct options *to, const void *from, struct duet_error *e)
{
    return duet_options_copy(to, sizeof *to, &defaults, from, "the options", e);
}

static void no_options_are_the_defaults_and_zero_is_zero(void **state)
{
    (void)state;
    struct duet_error e;
    struct options got, zero = {.struct_size = sizeof zero};
    assert_ok(copy(&got, NULL, &e), e);
    assert_memory_equal(&got, &defaults, sizeof got);
    assert_ok(copy(&got, &zero, &e), e);
    assert_true(got.threshold == 0 && got.most == 0 && got.cpu == NULL);
}

static void what_an_older_program_lacks_is_the_default(void **state)
{
    (void)state;
    struct duet_error e;
    struct options got, old;
    memset(&old, 0xff, sizeof old); /* what lies behind its end is not looked at */
    old.struct_size = offsetof(struct options, most);
    old.threshold = 0.25f;
    assert_ok(copy(&got, &old, &e), e);
    assert_true(got.threshold == 0.25f && got.most == 100);
    assert_string_equal(got.cpu, "best");
    assert_int_equal(got.struct_size, sizeof got);
}

static void a_newer_program_may_ask_for_nothing_new(void **state)
{
    (void)state;
    struct duet_error e;
    struct options got;
    struct more more;
    memset(&more, 0, sizeof more);
    more.known = defaults;
    more.known.struct_size = sizeof more;
    more.known.most = 7;
    assert_ok(copy(&got, &more, &e), e);
    assert_true(got.most == 7 && got.struct_size == sizeof got);
    more.pointer = &more;
    assert_fails(DUET_UNSUPPORTED, copy(&got, &more, &e), e);
    char size[32];
    snprintf(size, sizeof size, "%zu bytes", sizeof more);
    assert_non_null(strstr(e.text, "the options"));
    assert_non_null(strstr(e.text, size));
    more.pointer = NULL;
    more.flag = 1;
    assert_fails(DUET_UNSUPPORTED, copy(&got, &more, &e), e);
}

static void sizes_that_were_never_set_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    const size_t sizes[] = {0, 4, sizeof(size_t) - 1, DUET_MAX_STRUCT_SIZE + 1, 0x5555555555555555, SIZE_MAX};
    struct options got, given = OPTIONS;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        given.struct_size = sizes[i];
        assert_fails(DUET_BAD_ARGUMENT, copy(&got, &given, &e), e);
        assert_non_null(strstr(e.text, "struct_size"));
        assert_fails(DUET_BAD_ARGUMENT, duet_info_fill(&given, &defaults, sizeof defaults, "info", &e), e);
    }
}

static void infos_are_filled_as_far_as_both_know_them(void **state)
{
    (void)state;
    struct duet_error e;
    struct options old = {offsetof(struct options, cpu), 0, 0, "mine"};
    assert_ok(duet_info_fill(&old, &defaults, sizeof defaults, "info", &e), e);
    assert_true(old.threshold == 0.5f && old.most == 100 && old.struct_size == offsetof(struct options, cpu));
    assert_string_equal(old.cpu, "mine");
    struct more more;
    memset(&more, 0xff, sizeof more);
    more.known.struct_size = sizeof more;
    assert_ok(duet_info_fill(&more, &defaults, sizeof defaults, "info", &e), e);
    assert_true(more.known.struct_size == sizeof more && more.known.most == 100);
    assert_true(more.flag == 0 && more.pointer == NULL);
}

/* --- what is kept ------------------------------------------------------------------------------------------
 */

struct page {
    struct duet_kept kept;
    int freed;
};

static void free_page(struct duet_kept *kept)
{
    ((struct page *)kept)->freed++;
}

static void *hold_and_let_go(void *page)
{
    for (int i = 0; i < 10000; i++) {
        duet_kept_retain(page);
        duet_kept_release(page);
    }
    duet_kept_release(page);
    return NULL;
}

static void the_last_one_frees(void **state)
{
    (void)state;
    struct page page = {.freed = 0};
    pthread_t threads[3];
    assert_null(duet_kept_retain(NULL));
    duet_kept_release(NULL);
    duet_kept_init(&page.kept, free_page);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(duet_kept_retain(&page.kept), &page.kept);
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_let_go, &page), 0);
    }
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(page.freed, 0);
    duet_kept_release(&page.kept);
    assert_int_equal(page.freed, 1);
}

/* --- results -----------------------------------------------------------------------------------------------
 */

/* What a newer library hands to a program that knows struct duet_segment. */
struct longer {
    struct duet_segment known;
    double more;
};

static void items_of_any_size_are_found(void **state)
{
    (void)state;
    struct longer *items = calloc(3, sizeof *items);
    assert_non_null(items);
    for (int i = 0; i < 3; i++) items[i].known.class_id = 10 + i;
    struct duet_segments segments = {&items->known, 3, sizeof *items, NULL};
    for (int i = 0; i < 3; i++) assert_int_equal(duet_segments_at(&segments, (size_t)i)->class_id, 10 + i);
    assert_null(duet_segments_at(&segments, 3));
    duet_segments_close(&segments);
    assert_true(!segments.items && segments.count == 0 && segments.item_size == 0);
    struct duet_detection made[2] = {{.anchor = 1}, {.anchor = 2}};
    const struct duet_detections by_hand = {.items = made, .count = 2};
    assert_ptr_equal(duet_detections_at(&by_hand, 1), &made[1]);
}

static void results_hold_their_owner(void **state)
{
    (void)state;
    struct page page = {.freed = 0};
    duet_kept_init(&page.kept, free_page);
    struct duet_detections first = {.owner = duet_kept_retain(&page.kept)};
    struct duet_class_probabilities second = {.owner = duet_kept_retain(&page.kept)};
    duet_kept_release(&page.kept);
    duet_detections_close(&first);
    duet_detections_close(&first);
    assert_int_equal(page.freed, 0);
    duet_class_probabilities_close(&second);
    assert_int_equal(page.freed, 1);
}

/* --- views, and stopping -----------------------------------------------------------------------------------
 */

static void a_dense_view_is_row_major(void **state)
{
    (void)state;
    float data[24];
    struct duet_shape shape = {4, {1, 2, 3, 4}};
    struct duet_view view = duet_view_dense(DUET_F32, &shape, data);
    const ptrdiff_t want[] = {96, 48, 16, 4};
    assert_memory_equal(view.strides, want, sizeof want);
    assert_ptr_equal(view.data, data);
    assert_true(view.dtype == DUET_F32 && duet_shape_equal(&view.shape, &shape));
    assert_true(duet_view_is_dense(&view));
    view.strides[0] = -1; /* there is but one of it */
    assert_true(duet_view_is_dense(&view));
    view.strides[1] += 4;
    assert_false(duet_view_is_dense(&view));
    view = duet_view_dense(DUET_I16, &shape, data);
    assert_int_equal(view.strides[2], 8);
}

static void views_have_sizes_that_fit(void **state)
{
    (void)state;
    char byte;
    struct duet_shape scalar = {0}, none = {3, {SIZE_MAX, 0, 5}}, huge = {2, {SIZE_MAX / 4, 2}};
    struct duet_view view = duet_view_dense(DUET_U8, &scalar, &byte);
    assert_true(view.data == &byte && duet_view_is_dense(&view));
    view = duet_view_dense(DUET_F64, &none, &byte);
    assert_true(view.data == &byte && duet_view_is_dense(&view));
    assert_null(duet_view_dense(DUET_F32, &huge, &byte).data);
    huge = (struct duet_shape){1, {PTRDIFF_MAX}};
    assert_non_null(duet_view_dense(DUET_U8, &huge, &byte).data);
    huge.dims[0]++;
    assert_null(duet_view_dense(DUET_U8, &huge, &byte).data);
}

static void a_cancel_is_seen(void **state)
{
    (void)state;
    struct duet_cancel cancel = {0};
    struct duet_run_options options = DUET_RUN_OPTIONS;
    assert_true(options.struct_size == sizeof options && !options.pool && !options.cancel);
    assert_false(duet_cancelled(&cancel));
    duet_cancel(&cancel);
    assert_true(duet_cancelled(&cancel));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_options_are_the_defaults_and_zero_is_zero),
        cmocka_unit_test(what_an_older_program_lacks_is_the_default),
        cmocka_unit_test(a_newer_program_may_ask_for_nothing_new),
        cmocka_unit_test(sizes_that_were_never_set_are_refused),
        cmocka_unit_test(infos_are_filled_as_far_as_both_know_them),
        cmocka_unit_test(the_last_one_frees),
        cmocka_unit_test(items_of_any_size_are_found),
        cmocka_unit_test(results_hold_their_owner),
        cmocka_unit_test(a_dense_view_is_row_major),
        cmocka_unit_test(views_have_sizes_that_fit),
        cmocka_unit_test(a_cancel_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

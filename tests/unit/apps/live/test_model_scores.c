/* What a model file says of its scores. */
#include "support/testing.h"

#include "live/model_scores.h"

static struct duet_weights *weights_with(const char *metadata)
{
    struct duet_error e;
    struct duet_weights *weights;
    assert_ok(duet_weights_create(&weights, &e), e);
    if (metadata) assert_ok(duet_weights_set_metadata(weights, metadata, &e), e);
    return weights;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const struct duet_model_score given[] = {{129, 16, 0.25}, {513, 8, 1}};
    struct duet_model_score got[DUET_MODEL_SCORES];
    struct duet_error e;
    struct duet_weights *weights = weights_with("{\"revision\":2,\"source\":{\"name\":\"x\"}}");
    assert_int_equal(duet_model_scores_read(weights, got), 0);
    assert_ok(duet_model_scores_write(weights, given, 2, &e), e);
    assert_string_equal(duet_weights_metadata(weights),
                        "{\"revision\":2,\"source\":{\"name\":\"x\"},\"scores\":["
                        "{\"size\":129,\"output_stride\":16,\"miou\":0.25},"
                        "{\"size\":513,\"output_stride\":8,\"miou\":1.0}]}");
    assert_int_equal(duet_model_scores_read(weights, got), 2);
    assert_int_equal(got[1].size, 513);
    assert_int_equal(got[1].output_stride, 8);
    assert_true(got[0].miou == 0.25 && got[1].miou == 1);
    duet_weights_close(&weights);
}

static void what_is_no_score_is_passed_over(void **state)
{
    (void)state;
    static const char *const none[] = {NULL,
                                       "{}",
                                       "{\"scores\":7}",
                                       "{\"scores\":{\"size\":1}}",
                                       "{\"scores\":[7,{},{\"size\":1,\"output_stride\":8},{\"size\":\"1\","
                                       "\"output_stride\":8,\"miou\":0.5}]}",
                                       "{\"scores\":[{\"size\":1,\"output_stride\":8,\"miou\":0},{\"size\":1,"
                                       "\"output_stride\":8,\"miou\":1.5}]}"};
    struct duet_model_score got[DUET_MODEL_SCORES];
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct duet_weights *weights = weights_with(none[i]);
        assert_int_equal(duet_model_scores_read(weights, got), 0);
        duet_weights_close(&weights);
    }
}

static void no_more_are_read_than_there_is_room_for(void **state)
{
    (void)state;
    struct duet_model_score many[DUET_MODEL_SCORES + 3], got[DUET_MODEL_SCORES];
    struct duet_error e;
    struct duet_weights *weights = weights_with("{}");
    for (int i = 0; i < DUET_MODEL_SCORES + 3; i++) many[i] = (struct duet_model_score){100 + i, 16, 0.5};
    assert_ok(duet_model_scores_write(weights, many, DUET_MODEL_SCORES + 3, &e), e);
    assert_int_equal(duet_model_scores_read(weights, got), DUET_MODEL_SCORES);
    assert_int_equal(got[DUET_MODEL_SCORES - 1].size, 100 + DUET_MODEL_SCORES - 1);
    duet_weights_close(&weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_no_score_is_passed_over),
        cmocka_unit_test(no_more_are_read_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

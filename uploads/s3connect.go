package uploads

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	defaultRegion   = "us-east-1"
	defaultAttempts = 3
)

// connect makes the client.
func (s *s3Store) connect(ctx context.Context, patience patience) error {
	t := &s.target
	transport, err := transportOptions(t.Proxy, patience)
	if err != nil {
		return err
	}
	conf, err := awsconfig.LoadDefaultConfig(ctx, t.options(awshttp.NewBuildableClient().WithTransportOptions(transport))...)
	if err != nil {
		return fmt.Errorf("load AWS configuration: %w", err)
	}
	if made, ok := conf.HTTPClient.(*awshttp.BuildableClient); ok {
		s.http = webClient(made, patience)
		conf.HTTPClient = s.http
	}
	regionKnown := conf.Region != ""
	if !regionKnown {
		conf.Region = defaultRegion
	}
	if t.RoleARN != "" {
		conf.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(conf), t.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			o.ExternalID = optional(t.ExternalID)
			o.RoleSessionName = "ffegress"
		}))
	}
	if t.Endpoint == "" {
		if !regionKnown {
			conf.Region = bucketRegion(ctx, conf, t.Bucket)
		}
		s.client = s3.NewFromConfig(conf, func(o *s3.Options) { o.UsePathStyle = t.PathStyle })
		return nil
	}
	base, err := endpointURL(t.Endpoint)
	if err != nil {
		return err
	}
	withStyle := func(path bool) *s3.Client {
		return s3.NewFromConfig(conf, func(o *s3.Options) {
			o.BaseEndpoint = aws.String(base.String())
			o.UsePathStyle = path
		})
	}
	if !t.PathStyle {
		t.PathStyle = wantsPathStyle(ctx, base, t.Bucket, styleTrial{
			lookup: func(ctx context.Context, host string) error {
				if t.Proxy != nil {
					return nil // the proxy looks names up
				}
				_, err := net.DefaultResolver.LookupHost(ctx, host)
				return err
			},
			head: func(ctx context.Context, path bool) error {
				_, err := withStyle(path).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &t.Bucket},
					func(o *s3.Options) { o.RetryMaxAttempts = 1 })
				return err
			},
		})
	}
	s.client = withStyle(t.PathStyle)
	return nil
}

// options are what the SDK is told. Stores that are not Amazon's know nothing of its new checksums; each piece has its
// MD5 instead.
func (t *S3Target) options(client *awshttp.BuildableClient) []func(*awsconfig.LoadOptions) error {
	attempts := t.Attempts
	if attempts <= 0 {
		attempts = defaultAttempts
	}
	list := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithHTTPClient(client),
		awsconfig.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		awsconfig.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
		awsconfig.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = attempts
				if t.MaxDelay > 0 {
					o.MaxBackoff = time.Duration(t.MaxDelay)
				}
				o.RateLimiter = ratelimit.None // the queue has pauses of its own
				o.Retryables = append(o.Retryables, retry.RetryableHTTPStatusCode{
					Codes: map[int]struct{}{http.StatusConflict: {}, http.StatusTooManyRequests: {}},
				})
			})
		}),
	}
	if t.Region != "" {
		list = append(list, awsconfig.WithRegion(t.Region))
	}
	if t.AccessKey != "" || t.Secret != "" {
		list = append(list, awsconfig.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(t.AccessKey, t.Secret, t.SessionToken)))
	}
	return list
}

// bucketRegion asks Amazon where a bucket is; the answer has that also if it is a refusal.
func bucketRegion(ctx context.Context, conf aws.Config, bucket string) string {
	// The SDK knows who is anonymous only when the client is made.
	client := s3.NewFromConfig(conf, func(o *s3.Options) {
		o.Credentials = aws.AnonymousCredentials{}
		o.RetryMaxAttempts = 1
	})
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil && aws.ToString(out.BucketRegion) != "" {
		return *out.BucketRegion
	}
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && answer.Response != nil {
		if region := answer.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
			return region
		}
	}
	return conf.Region
}

// errConfig is a target that says something impossible.
var errConfig = errors.New("invalid configuration")
